"""What people had made of all that the site keeps of them, in pieces."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0009_blocks'),
    ]

    operations = [
        migrations.CreateModel(
            name='Export',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='export', serialize=False, to=settings.AUTH_USER_MODEL, verbose_name='user')),
                ('asked_at', models.DateTimeField(verbose_name='asked for')),
                ('seen_at', models.DateTimeField(verbose_name='last seen at work')),
                ('attempt', models.PositiveIntegerField(default=0)),
                ('done', models.PositiveBigIntegerField(default=0)),
                ('total', models.PositiveBigIntegerField(null=True)),
                ('size', models.PositiveBigIntegerField(default=0, verbose_name='bytes')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='made')),
            ],
            options={
                'verbose_name': 'export',
                'verbose_name_plural': 'exports',
            },
        ),
        migrations.CreateModel(
            name='ExportPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('attempt', models.PositiveIntegerField()),
                ('number', models.PositiveIntegerField()),
                ('content', models.BinaryField()),
                ('export', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='accounts.export', verbose_name='export')),
            ],
            options={
                'verbose_name': 'part of an export',
                'verbose_name_plural': 'parts of exports',
                'constraints': [models.UniqueConstraint(fields=('export', 'attempt', 'number'), name='one_part_per_number')],
            },
        ),
    ]
